// A service that knows by which transport it is called.
export { PROBLEM_TYPE } from '../../../platform/http/src';
