/**
 * A rule over several variables, ready for `.refine(...rule)`. It is checked also when other variables are wrong, so that
 * all of them are named at once; what it looks at may therefore be missing or malformed.
 */
export type Rule<Values> = [isKept: (values: Values) => boolean, { when: () => true; path: string[]; message: string }];

const when = (): true => true;

/** @param name the variable that is named when the rule is broken, with `message` behind it */
export const rule = <Values>(name: string, message: string, isKept: (values: Values) => boolean): Rule<Values> => [
  isKept,
  { when, path: [name], message },
];
