/** A reason not to start that its operator can repair: printed as it is, without a stack. */
export class CannotStart extends Error {
  override readonly name: string = 'CannotStart';
}

/** What is wrong with one environment variable; never holds its value. */
export interface SettingProblem {
  name: string;
  what: string;
  repair: string;
}

/** Every bad variable of an app at once. */
export class SettingsError extends CannotStart {
  override readonly name = 'SettingsError';

  constructor(
    app: string,
    readonly problems: readonly SettingProblem[],
  ) {
    const lines = problems.map(({ name, what, repair }) => `  ${name}: ${what}. Repair: ${repair}.`);
    const count = problems.length === 1 ? 'one setting is wrong' : `${problems.length} settings are wrong`;
    super(`${app} does not start: ${count}.\n${lines.join('\n')}`);
  }
}
