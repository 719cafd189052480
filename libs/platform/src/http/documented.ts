import { applyDecorators } from '@nestjs/common';
import { ApiResponse, type ApiResponseSchemaHost } from '@nestjs/swagger';
import { z } from 'zod';

/** A time as JSON has it. */
export const dateTime = z.iso.datetime();

/** Describes an answer by its zod schema: `@ApiOkResponse(documented(orderView))`. */
export const documented = (schema: z.ZodType): Pick<ApiResponseSchemaHost, 'schema'> => {
  const json = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  delete json.$schema;
  return { schema: json as ApiResponseSchemaHost['schema'] };
};

/** What every refusal is (RFC 9457); some carry members of their own beside these. */
export const problemView = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** Stable, for programs. */
  code: z.string(),
  /** For people. */
  detail: z.string(),
  /** What of the input is refused. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  instance: z.string().optional(),
});

/**
 * Describes how a route, or all routes of a controller, refuse: the codes of the problem by HTTP status.
 * @param codes for example `{ 409: 'ORDER_NOT_PAID, REFUND_EXCEEDS_PAID' }`
 */
export const Refuses = (codes: Readonly<Record<number, string>>): MethodDecorator & ClassDecorator =>
  applyDecorators(
    ...Object.entries(codes).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description,
        content: { 'application/problem+json': documented(problemView) },
      }),
    ),
  );
