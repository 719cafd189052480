import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Publisher } from '../rabbit/publisher.ts';
import { OperatorController } from './operator.controller.ts';
import { OperatorDesk, OrderEnds, type OperatorTables } from './operator-desk.ts';

export interface OperatorOptions {
  tables: OperatorTables;
  /** How the app knows that an order has ended. */
  orderEnds: Type<OrderEnds>;
}

/** Gives an app the routes under `/operator` for its own rows. Wants MySQL, RabbitMQ and the guards around it. */
@Module({})
export class OperatorModule {
  static forRoot({ tables, orderEnds }: OperatorOptions): DynamicModule {
    return {
      module: OperatorModule,
      controllers: [OperatorController],
      providers: [
        { provide: OrderEnds, useClass: orderEnds },
        {
          provide: OperatorDesk,
          inject: [DataSource, Publisher, OrderEnds],
          useFactory: (dataSource: DataSource, publisher: Publisher, ends: OrderEnds) =>
            new OperatorDesk(dataSource, publisher, ends, tables),
        },
      ],
    };
  }
}
