import { canInstall, installLine, installPackages } from '../services/apt.ts';
import { findProgram } from '../services/binaries.ts';
import { Refusal } from '../services/refusal.ts';

const PROGRAMS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** Chromium or Chrome: `CHROMIUM_PATH`, or the first that is installed. */
export const findBrowser = (): string | undefined => process.env['CHROMIUM_PATH'] ?? findProgram(...PROGRAMS);

/** Like {@link findBrowser}; installs one on Debian and Ubuntu as root. @throws Refusal with the line to paste */
export async function ensureBrowser(say: (line: string) => void): Promise<string> {
  const found = findBrowser();
  if (found) return found;
  if (!canInstall()) {
    throw new Refusal(
      `No Chromium for the end-to-end tests; install one (or set CHROMIUM_PATH):\n  ${installLine(['chromium'])}`,
    );
  }
  await installPackages(['chromium'], say);
  const installed = findBrowser();
  if (!installed) throw new Refusal('The package chromium is installed, but there is no program "chromium" in PATH.');
  return installed;
}
