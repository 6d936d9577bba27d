import { Prop, raw } from '@nestjs/mongoose';
import { Types } from 'mongoose';

/** The shape of a user reference (design §3) inside a mongoose schema. */
export const userReferenceShape = {
  user_id: { type: Types.ObjectId, required: true },
  user_external_id: { type: String, required: true },
  user_display_name: { type: String, required: true },
};

/**
 * Declares a field that names a user. Also register the field in `DisplayNameRegistry`, or its copy of the name becomes stale at the
 * next rename.
 */
export const UserReferenceProp = (): PropertyDecorator => Prop(raw(userReferenceShape));
