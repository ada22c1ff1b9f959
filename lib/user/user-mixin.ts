/**
 * Provides defaults for user classes that inherit them. Inheriting is optional, because any object with an id is a
 * user.
 */

/** Describes an active user with the id in its property `id` (Flask-Login's UserMixin). */
export abstract class UserMixin {
  /** Tells whether the user may use the application. Guards and `loginUser` refuse inactive users. */
  get isActive(): boolean {
    return true;
  }

  /** Accepts a value, so that a row with a column of this name can be copied into the user. */
  set isActive(value: boolean) {
    Object.defineProperty(this, 'isActive', { value, writable: true, enumerable: true, configurable: true });
  }

  /** Tells whether the user is authenticated. Every active user is. */
  get isAuthenticated(): boolean {
    return this.isActive;
  }

  /** Returns false, because a user is never anonymous. */
  get isAnonymous(): boolean {
    return false;
  }

  /** Returns the id by which the user loader finds the user again. */
  getId(): unknown {
    return (this as { id?: unknown }).id;
  }

  /** Compares the ids of two users, which may be different objects. */
  equals(other: unknown): boolean {
    return other instanceof UserMixin && String(other.getId()) === String(this.getId());
  }
}
