// What the reference adds to what TypeDoc reads: sentences for members that say the same everywhere, links to PyTorch's pages, and
// a check that docstrings name sources.

import { Application, Comment, Converter, ReflectionKind } from 'typedoc';

const PYTORCH = 'https://docs.pytorch.org/docs/stable/generated/';

/** What members do that every class has which has them. */
const SAME_EVERYWHERE = {
  '[asyncDispose]': 'For `await using`: releases it at the end of the block.',
  '[asyncIterator]': 'For `for await`.',
  '[dispose]': 'For `using`: releases it at the end of the block.',
  '[iterator]': 'For `for ... of`.',
  '[custom]': 'For `console.log` and `util.inspect`.',
};

const text = (sentence) => [{ kind: 'text', text: sentence }];
const linkTo = (target, shown = target.getFullName()) => ({ kind: 'inline-tag', tag: '@link', text: shown, target });
// A comment of parameters alone says nothing of the whole.
const documented = ({ comment }) => comment !== undefined && (comment.summary.length > 0 || comment.getTag('@returns'));

/** `torch.nn.functional.gelu` in a docstring, as a link to its page; what is no function or class there stays as it is. */
function linkTorch(part) {
  const name = part.kind === 'code' ? /^`(torch(?:\.\w+)+)`$/.exec(part.text)?.[1] : undefined;
  if (name === undefined) return part;
  return { kind: 'text', text: `[${part.text}](${PYTORCH}${name}.html)` };
}

/** What is said of a member that has no docstring of its own; undefined where nothing follows from its name. */
function sayOf(member, functions) {
  const same = SAME_EVERYWHERE[member.name];
  if (same !== undefined) return text(same);
  const { parent } = member;
  // lib/methods.ts puts functions of F onto Tensor.
  const ofF = parent?.name === 'Tensor' ? functions?.getChildByName([member.name]) : undefined;
  if (ofF !== undefined) return [...text('See '), linkTo(ofF), ...text(', of which this is the method.')];
  if (member.name === 'forward' && parent?.kindOf(ReflectionKind.Class))
    return [...text('What the class says. See '), linkTo(parent)];
  return undefined;
}

/** Gives every signature or property of a member that lacks a comment the same one. */
function complete(member, functions) {
  const accessor = [member.getSignature, member.setSignature].filter((one) => one !== undefined);
  const bearers = accessor.length > 0 ? accessor : (member.signatures ?? [member]);
  const said = bearers.find(documented)?.comment ?? (documented(member) ? member.comment : undefined);
  for (const bearer of bearers.filter((one) => !documented(one))) {
    const parts = said?.summary ?? sayOf(member, functions);
    if (parts === undefined) continue;
    bearer.comment ??= new Comment();
    bearer.comment.summary = Comment.cloneDisplayParts(parts);
  }
}

/** The namespaces whose functions and classes all have a source: a paper, or their like in PyTorch and other libraries. */
const FROM_ELSEWHERE = ['F', 'autograd', 'nn', 'optim'];

/** Functions and classes that do not say whose they are. */
function withoutSource(project) {
  const publics = FROM_ELSEWHERE.flatMap((name) => project.getChildByName([name])?.children ?? []);
  const isSaid = ({ comment }) => comment?.getTag('@see') !== undefined;
  return publics
    .filter((one) => one.kindOf(ReflectionKind.Function | ReflectionKind.Class))
    .filter((one) => ![one, ...(one.signatures ?? [])].some(isSaid));
}

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    const functions = project.getChildByName(['F']);
    const members = ReflectionKind.Property | ReflectionKind.Method | ReflectionKind.Accessor;
    for (const member of project.getReflectionsByKind(members)) complete(member, functions);
    for (const { comment } of Object.values(project.reflections)) {
      if (comment === undefined) continue;
      comment.summary = comment.summary.map(linkTorch);
      for (const tag of comment.blockTags) tag.content = tag.content.map(linkTorch);
    }
  });
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => {
    for (const one of withoutSource(project))
      app.logger.validationWarning(`${one.getFullName()} names no source: @see a paper, or its like in PyTorch`);
  });
}
