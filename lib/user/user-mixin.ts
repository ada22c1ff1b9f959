/** Defaults for user classes that like to inherit them. Nobody has to: any object with an id is a user. */

/** Flask-Login's UserMixin: an active user whose id is its property `id`. */
export abstract class UserMixin {
  /** Whether the user may use the application. Guards and `loginUser` refuse who may not. */
  get isActive(): boolean {
    return true;
  }

  /** A row with a column of this name may be copied into the user. */
  set isActive(value: boolean) {
    Object.defineProperty(this, 'isActive', { value, writable: true, enumerable: true, configurable: true });
  }

  /** True for who is logged in: every user but an inactive one. */
  get isAuthenticated(): boolean {
    return this.isActive;
  }

  /** False: this is somebody. */
  get isAnonymous(): boolean {
    return false;
  }

  /** The id by which the user loader finds the user again. */
  getId(): unknown {
    return (this as { id?: unknown }).id;
  }

  /** True for the same user, whichever object they were loaded into. */
  equals(other: unknown): boolean {
    return other instanceof UserMixin && String(other.getId()) === String(this.getId());
  }
}
