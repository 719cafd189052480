/** An error that is told to people as it is, without a stack trace: what is wrong and how to repair it. */
export class Refusal extends Error {}
