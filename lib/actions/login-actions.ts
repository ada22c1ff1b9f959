/** The changes of a login. The service hands its calls on to them. */
import type { ActionServices } from './action-services.js';
import { ConfirmLogin } from './confirm-login.js';
import { LogIn } from './log-in.js';
import { LogOut } from './log-out.js';
import { LoginDevices } from './login-devices.js';

/** The changes of a login, with one class for each. */
export class LoginActions {
  readonly logIn: LogIn;
  readonly logOut: LogOut;
  readonly confirmLogin: ConfirmLogin;
  readonly devices: LoginDevices;

  constructor(services: ActionServices) {
    this.logIn = new LogIn(services);
    this.logOut = new LogOut(services);
    this.confirmLogin = new ConfirmLogin(services);
    this.devices = new LoginDevices(services.userLogins, services.events);
  }
}
