/** The users. There is one demo user in memory, with an Argon2id hash of the password. */
import { Injectable } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import { UserLoader } from 'nestjs-login';

export interface User {
  id: number;
  email: string;
  passwordHash: string;
}

@Injectable()
export class UsersService {
  private readonly ada: Promise<User> = hash('correct horse').then((passwordHash) => {
    return { id: 1, email: 'ada@example.com', passwordHash };
  });

  @UserLoader()
  async findById(id: string): Promise<User | null> {
    const ada = await this.ada;
    return id === String(ada.id) ? ada : null;
  }

  async verify(email: string, password: string): Promise<User | null> {
    const ada = await this.ada;
    // An unknown address costs a hash as well, so that nobody learns from the time which addresses there are.
    const isRight = await verify(ada.passwordHash, password);
    return email === ada.email && isRight ? ada : null;
  }
}
