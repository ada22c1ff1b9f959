/** Reads a group of options by its table. The table holds the name, the default and the check of each option. */
import type { OptionRule } from './option-rules.js';
import { refuseUnknownOptions } from './unknown-options.js';

/** The rules of a group by the names of its options. */
export type OptionTable = Readonly<Record<string, OptionRule<unknown> | GroupRule<unknown>>>;

/** The rule of an option that is a group itself. */
export interface GroupRule<Values> extends OptionRule<Values> {
  readonly table: OptionTable;
}

/** The values that a table makes of its options. */
export type ValuesOf<Table> = {
  readonly [Name in keyof Table]: Table[Name] extends OptionRule<infer Value> ? Value : never;
};

/** Makes the rule of a group. A missing group has the defaults of all its options. */
export const group = <Table extends OptionTable>(table: Table): GroupRule<ValuesOf<Table>> =>
  Object.assign((given: unknown, name: string) => valuesOf(given ?? {}, table, name), { table });

/**
 * Reads all options.
 * @param given the options as the developer wrote them
 * @throws LoginFault for the first unknown or reserved name in any group, else for the first value that does not fit
 */
export function readOptions<Table extends OptionTable>(given: unknown, table: Table): ValuesOf<Table> {
  refuseUnknownNames(given, table, '');
  return valuesOf(given, table, '');
}

function valuesOf<Table extends OptionTable>(given: unknown, table: Table, groupName: string): ValuesOf<Table> {
  const options = given as Readonly<Record<string, unknown>>;
  const values = Object.entries(table).map(([name, rule]) => [name, rule(options[name], fullName(groupName, name))]);
  return Object.freeze(Object.fromEntries(values) as ValuesOf<Table>);
}

function refuseUnknownNames(given: unknown, table: OptionTable, groupName: string): void {
  refuseUnknownOptions(given, Object.keys(table), groupName);
  for (const [name, rule] of Object.entries(table))
    if ('table' in rule && given[name] !== undefined)
      refuseUnknownNames(given[name], rule.table, fullName(groupName, name));
}

const fullName = (groupName: string, name: string): string => (groupName === '' ? name : `${groupName}.${name}`);
