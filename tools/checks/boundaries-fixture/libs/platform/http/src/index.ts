export const PROBLEM_TYPE = 'application/problem+json';
