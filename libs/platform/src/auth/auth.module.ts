import { type DynamicModule, Module } from '@nestjs/common';
import { AUTH_OPTIONS, Authentication, type AuthOptions } from './authentication.ts';
import { BuyerGuard, OperatorGuard } from './guards.ts';

/** Gives an app {@link Authentication} and the guards, everywhere. */
@Module({})
export class AuthModule {
  static forRoot(options: AuthOptions): DynamicModule {
    return {
      module: AuthModule,
      global: true,
      providers: [{ provide: AUTH_OPTIONS, useValue: options }, Authentication, BuyerGuard, OperatorGuard],
      exports: [Authentication, BuyerGuard, OperatorGuard],
    };
  }
}
