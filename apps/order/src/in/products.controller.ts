import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ReadOrders } from '../flow/read.ts';

@ApiTags('products')
@Controller('products')
export class ProductsController {
  constructor(private readonly readOrders: ReadOrders) {}

  @Get()
  @ApiOperation({ summary: 'All products; prices in fen' })
  @Header('cache-control', 'no-store')
  list() {
    return this.readOrders.products();
  }
}
