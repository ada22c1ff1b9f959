/** The users. There is one in memory, and `Register` declares its type. */
import { Injectable } from '@nestjs/common';
import { UserLoader } from 'nestjs-login';

export interface User {
  id: number;
  email: string;
  password: string;
}

declare module 'nestjs-login' {
  interface Register {
    user: User;
  }
}

export const ada: User = { id: 1, email: 'ada@example.com', password: 'correct horse' };

@Injectable()
export class UsersService {
  @UserLoader()
  findById(id: string): User | null {
    return id === String(ada.id) ? ada : null;
  }

  verify(email: unknown, password: unknown): User | null {
    return email === ada.email && password === ada.password ? ada : null;
  }
}
