/** The users of the test applications, with a user loader that counts its calls. */
import { Injectable } from '@nestjs/common';
import { UserLoader } from 'nestjs-login';

export interface TestUser {
  id: string;
  name: string;
  isActive: boolean;
  /** changes with the password */
  securityStamp?: string | undefined;
}

/** A table of users that a test may change. */
@Injectable()
export class TestUsers {
  readonly table = new Map<string, TestUser>(
    ['ada', 'bob', 'eve'].map((id) => [id, { id, name: id.toUpperCase(), isActive: id !== 'eve' }]),
  );
  /** the ids that the loader was asked for */
  readonly loads: string[] = [];
  /** where set, the loader throws it */
  failure: Error | undefined;
  /** where set, the loader waits for it before it looks */
  gate: Promise<void> | undefined;

  @UserLoader()
  async findById(id: string): Promise<TestUser | null> {
    this.loads.push(id);
    await this.gate;
    if (this.failure) throw this.failure;
    return this.table.get(id) ?? null;
  }
}
