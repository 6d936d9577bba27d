// Concurrency taking up the framework, which the gateway would get with it.
export { Injectable } from '@nestjs/common';
