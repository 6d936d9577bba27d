// A domain reaching for mongoose outside its schemas.
import mongoose from 'mongoose';
export const userName = mongoose.version;
