import type { ParameterDecoratorOptions, PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { type InputError, Problem } from './problem.ts';

/** Most errors named in one answer. */
const MAX_ERRORS = 20;

/**
 * Checks one argument of a controller's method by a zod schema: `@Body(zodPipe(placeOrder))`,
 * `@Query('outtradeno', zodPipe(outTradeNo))`. The schema also becomes part of the OpenAPI document.
 *
 * @throws Problem 400 `INVALID_INPUT` with the path of every refused member
 */
export const zodPipe = (schema: z.ZodType): ParameterDecoratorOptions => ({ schema, pipes: [new ZodPipe(schema)] });

class ZodPipe implements PipeTransform {
  constructor(private readonly schema: z.ZodType) {}

  transform(value: unknown, { data }: { data?: string | undefined } = {}): unknown {
    return checkInput(this.schema, value, data);
  }
}

/**
 * The same check for what no pipe reaches, such as a header.
 *
 * @param name of the checked value when it is not the whole input
 */
export function checkInput<T extends z.ZodType>(schema: T, value: unknown, name?: string): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap((issue) => errorsOf(issue, name)).slice(0, MAX_ERRORS);
  throw new Problem(400, 'INVALID_INPUT', 'The input is not valid.', { errors });
}

/** A member that nobody knows is named like any other that is refused. */
const errorsOf = (issue: z.core.$ZodIssue, name: string | undefined): InputError[] =>
  issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: pathOf(name, [...issue.path, key]), message: 'is not known here' }))
    : [{ path: pathOf(name, issue.path), message: issue.message }];

const pathOf = (name: string | undefined, path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    name ?? '',
  );
