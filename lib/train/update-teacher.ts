import { checkNumber, expected, listed } from '../check.js';
import { native } from '../native.js';
import { Module } from '../nn/module.js';
import { constant } from '../ops/constant.js';
import { scope } from '../scope.js';
import { noteModified } from '../stream.js';

/**
 * Moves a teacher's parameters towards its student's: each becomes momentum times itself and the rest of the student's.
 *
 * @param momentum what the teacher keeps, from 0 to 1; 0 copies
 * @throws TypeError for models whose parameters have other names or shapes
 * @see Tarvainen and Valpola 2017 (mean teacher); Caron et al. 2021 (DINO), section 3.1
 * @example
 * updateTeacher(teacher, student, 0.996);
 */
export function updateTeacher(teacher: Module, student: Module, momentum: number): void {
  checkNumber(momentum, 'updateTeacher momentum', 0, 1);
  for (const model of [teacher, student]) {
    if (!(model instanceof Module)) throw expected('a module', 'updateTeacher', model);
  }
  const [own, given] = [teacher.namedParameters(), student.namedParameters()];
  const other = [...own].filter(([name, { shape }]) => given.get(name)?.shape.join() !== shape.join());
  if (other.length > 0 || own.size !== given.size) {
    const names = other.length > 0 ? other.map(([name]) => name) : [...given.keys()].filter((name) => !own.has(name));
    throw expected(`parameters as the teacher's: ${listed(names)}`, 'updateTeacher', student);
  }
  scope(() => {
    const averages = [...own.values()];
    const values = [...own.keys()].map((name) => given.get(name) as (typeof averages)[number]); // looked at above
    const weight = constant(Float32Array.of(1 - momentum), [1]);
    native.lerpStep({ averages, values, counts: averages.map(({ size }) => size), weight, guard: undefined });
    for (const { storage } of averages) {
      storage.version++;
      noteModified(storage);
    }
  });
}
