import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { registry } from './metrics.ts';

@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  /** Prometheus text format. */
  @Get()
  @Header('content-type', registry.contentType)
  @Header('cache-control', 'no-store')
  read(): Promise<string> {
    return registry.metrics();
  }
}
