/** Checks the checker: with one protection switched off, a plan made for it must break a promise. */
import { PLANS } from './mutant-plans.ts';
import { runPlan, type Report } from './run.ts';
import { protections, type Protection } from '#platform';
import { Refusal } from '../services/refusal.ts';

export interface MutantReport {
  ok: boolean;
  found: number;
  mutants: { mutant: Protection; found: boolean; by: string[]; example: string | null; withProtection: string }[];
}

/** Runs every plan with its protection switched off, and once with it. */
export async function runMutants(only: string[] | undefined, say: (line: string) => void): Promise<MutantReport> {
  const unknown = only?.filter((name) => !protections.some((one) => one === name)) ?? [];
  if (unknown.length > 0) throw new Refusal(`No protection is called ${unknown.join(', ')}: ${protections.join(', ')}`);
  const mutants: MutantReport['mutants'] = [];
  for (const mutant of protections.filter((name) => only?.includes(name) ?? true)) {
    say(`${mutant}: the same plan without it and with it …`);
    const quietly = () => undefined;
    const [without, withIt] = await Promise.all([
      runPlan({ plan: PLANS[mutant], mutant, say: quietly }),
      runPlan({ plan: PLANS[mutant], say: quietly }),
    ]);
    const [first] = without.broken;
    const by = without.invariantsBroken;
    mutants.push({
      mutant,
      found: !without.ok,
      by,
      example: first ? `${first.invariant} ${first.orderNo ?? ''} ${first.what}` : null,
      withProtection: summary(withIt),
    });
    say(`${mutant}: ${without.ok ? 'SURVIVED' : `found by ${by.join(', ')}`}; with it: ${summary(withIt)}`);
  }
  const found = mutants.filter((one) => one.found).length;
  const ok = found === mutants.length && mutants.every((one) => one.withProtection === 'nothing broken');
  return { ok, found, mutants };
}

const summary = ({ ok, broken }: Report): string =>
  ok ? 'nothing broken' : broken.map(({ invariant, what }) => `${invariant} ${what}`).join('; ');
