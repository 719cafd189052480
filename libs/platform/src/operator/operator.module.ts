import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { AnomalyController } from './anomaly.controller.ts';
import { AnomalyDesk, AnomalyGuide } from './anomaly-desk.ts';
import { OperatorController } from './operator.controller.ts';
import { OperatorDesk, MessageNeeds } from './operator-desk.ts';

export interface OperatorOptions {
  /** How the app tells its anomalies. */
  anomalies: Type<AnomalyGuide>;
  /** How the app knows that it does not need a message any more. */
  messageNeeds: Type<MessageNeeds>;
}

/** Gives an app the routes under `/operator` for its own rows. Wants MySQL, RabbitMQ and the guards around it. */
@Module({})
export class OperatorModule {
  static forRoot({ anomalies, messageNeeds }: OperatorOptions): DynamicModule {
    return {
      module: OperatorModule,
      controllers: [AnomalyController, OperatorController],
      providers: [
        AnomalyDesk,
        OperatorDesk,
        { provide: AnomalyGuide, useClass: anomalies },
        { provide: MessageNeeds, useClass: messageNeeds },
      ],
    };
  }
}
