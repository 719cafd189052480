import { Controller, Get, Header, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import QRCode from 'qrcode';
import { z } from 'zod';
import { scannableProductId } from '#contract';
import { Problem, RateLimit, zodPipe } from '#platform';
import { ProductCode } from '../flow/product-code.ts';
import { problemOf } from './answers.ts';

const format = z.enum(['json', 'svg', 'png']).default('json');
const short = z.enum(['0', '1']).default('0');

/** For print: large enough to be read from a wall. */
const PNG_PIXELS = 600;
const qr = { margin: 4, errorCorrectionLevel: 'M' } as const;

/** The permanent code of a product, to be printed or put up: whoever scans it gets an order of one piece. */
@ApiTags('payments')
@Controller('weixin/pay/native/product')
export class ProductCodeController {
  constructor(private readonly productCode: ProductCode) {}

  // Anybody may ask, and drawing costs more than all else that is asked here.
  @Get(':productId')
  @RateLimit({ max: 120, perMs: 60_000 })
  @ApiOperation({ summary: 'The permanent code of a product (mode 1): its text, or a picture of it' })
  @ApiQuery({ name: 'format', required: false, enum: ['json', 'svg', 'png'] })
  @ApiQuery({ name: 'short', required: false, enum: ['0', '1'], description: '1: a shorter text, made by WeChat Pay' })
  @ApiResponse({ status: 404, description: 'PRODUCT_NOT_FOUND' })
  @ApiResponse({ status: 429, description: 'RATE_LIMITED: more than 120 in a minute' })
  @ApiResponse({ status: 502, description: 'WECHAT_REFUSED or WECHAT_UNREACHABLE, with `short=1` only' })
  @ApiResponse({ status: 503, description: 'ORDER_UNREACHABLE' })
  @Header('cache-control', 'no-store')
  async code(
    @Param('productId', zodPipe(scannableProductId)) productId: string,
    @Query('format', zodPipe(format)) wanted: z.infer<typeof format>,
    @Query('short', zodPipe(short)) isShort: z.infer<typeof short>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ product_id: string; code_url: string } | string | Buffer> {
    const answer = await this.productCode.of(productId, isShort === '1');
    if (answer.kind === 'unknown-product') {
      throw new Problem(404, 'PRODUCT_NOT_FOUND', `There is no product ${productId}.`);
    }
    if (answer.kind !== 'code') throw problemOf(answer);
    const { url } = answer;
    switch (wanted) {
      case 'json':
        return { product_id: productId, code_url: url };
      case 'svg':
        void reply.type('image/svg+xml');
        return QRCode.toString(url, { ...qr, type: 'svg' });
      case 'png':
        void reply.type('image/png');
        return QRCode.toBuffer(url, { ...qr, type: 'png', width: PNG_PIXELS });
    }
  }
}
