/** Takes the prose out of sources and documents: the sentences of comments, and those of Markdown. */
import ts from 'typescript';

/** A sentence, and the line of its file on which its paragraph begins, counted from 1. */
export interface Sentence {
  readonly text: string;
  readonly line: number;
}

/** A paragraph, an item of a list, a cell of a table or one tag of a docstring. */
interface Paragraph {
  readonly text: string;
  readonly line: number;
}

/** A quoted name or a piece of code counts as one word. */
const CODE = 'code';

/** Returns the sentences of all comments of a source in TypeScript or JavaScript. */
export function commentSentences(source: string): Sentence[] {
  const paragraphs = mergeLineComments(commentsOf(source)).flatMap(({ text, line }) => paragraphsOf(text, line));
  return paragraphs.flatMap(sentencesOf);
}

/** Returns the sentences of a document in Markdown. Code blocks and the marks of tables are none. */
export function documentSentences(markdown: string): Sentence[] {
  const prose = markdown
    .replaceAll(/^(```|~~~)[^]*?^\1/gm, (block) => block.replaceAll(/[^\n]/g, ''))
    .replaceAll(/<!--[^]*?-->/g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/^\s*\|?[\s:|-]+\|\s*$/gm, '')
    .replaceAll(/\|/g, '\n\n');

  const rows = markdown.split('\n');
  return paragraphsOf(prose, 1)
    .flatMap(sentencesOf)
    .map((sentence) => ({ ...sentence, line: lineOf(sentence, rows) }));
}

/** Counts the words of a text. */
export const wordsOf = (text: string): number => text.match(/[\p{L}\p{N}'’_-]*\p{L}[\p{L}\p{N}'’_-]*/gu)?.length ?? 0;

interface Comment {
  readonly text: string;
  readonly line: number;
  readonly isLine: boolean;
}

function commentsOf(source: string): Comment[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.ES2023, true);
  const comments = new Map<number, Comment>();

  const note = (from: number): void => {
    const ranges = [
      ...(ts.getLeadingCommentRanges(source, from) ?? []),
      ...(ts.getTrailingCommentRanges(source, from) ?? []),
    ];
    for (const { pos, end, kind } of ranges) {
      const line = file.getLineAndCharacterOfPosition(pos).line + 1;
      const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia;
      comments.set(pos, { text: bareText(source.slice(pos, end)), line, isLine });
    }
  };
  const visit = (node: ts.Node): void => {
    note(node.getFullStart());
    note(node.end);
    for (const child of node.getChildren(file)) visit(child);
  };
  visit(file);

  return [...comments].sort(([one], [other]) => one - other).map(([, comment]) => comment);
}

/** Takes the marks off a comment, and keeps its lines. */
const bareText = (comment: string): string =>
  comment
    .replace(/^\/\*+|\*+\/$|^\/\//g, '')
    .replaceAll(/^[ \t]*(\*(?!\*)|\/\/)/gm, '')
    // An example is code, and the last tag of its docstring.
    .replace(/@example[^]*/, (example) => example.replaceAll(/[^\n]/g, ''));

/** Line comments on lines that follow each other are one text. */
function mergeLineComments(comments: readonly Comment[]): Comment[] {
  const merged: Comment[] = [];
  for (const comment of comments) {
    const last = merged.at(-1);
    const lastLine = last ? last.line + last.text.split('\n').length - 1 : 0;
    if (last?.isLine && comment.isLine && comment.line === lastLine + 1)
      merged[merged.length - 1] = { ...last, text: `${last.text}\n${comment.text}` };
    else merged.push(comment);
  }
  return merged;
}

/** Cuts a text at blank lines, headings, items of lists and tags of docstrings. */
function paragraphsOf(text: string, firstLine: number): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let isOpen = false;
  for (const [at, line] of text.split('\n').entries()) {
    const isStart = /^\s*([-*+>#]+|\d+\.|@\w+)\s/.test(line) || /\s@(param|returns|throws)\s/.test(line);
    const bare = line.replace(/^\s*([-*+>#]+|\d+\.)\s+/, '').trim();
    const last = paragraphs.at(-1);
    if (bare !== '' && isOpen && !isStart && last)
      paragraphs[paragraphs.length - 1] = { ...last, text: `${last.text} ${bare}` };
    else if (bare !== '') paragraphs.push({ text: bare, line: firstLine + at });
    isOpen = bare !== '' && !/^\s*#/.test(line);
  }
  return paragraphs;
}

/** Cuts a paragraph at full stops, question marks and tags in the middle of a line. */
function sentencesOf({ text, line }: Paragraph): Sentence[] {
  return text
    .replaceAll(/`[^`]*`/g, CODE)
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/https?:\/\/\S+/g, CODE)
    .replaceAll(/\{@\w+ [^}]*\}/g, CODE)
    .replaceAll(/[*_]{1,2}(?=\S)|(?<=\S)[*_]{1,2}(?!\w)/g, '')
    .split(/(?<=[.!?]["')\]]?)\s+(?=["'([]?[\p{Lu}\p{N}`]|code\b)|\s*(?=@(?:param|returns|throws|see)\b)/u)
    .map((sentence) => sentence.replace(/^@(param\s+\S+|returns|throws|see)\s*/, '').trim())
    .filter((sentence) => wordsOf(sentence) > 0)
    .map((sentence) => ({ text: sentence, line }));
}

/** Tables were cut into cells, which moves the lines of all that follows. Finds the line by the first words again. */
function lineOf({ text, line }: Sentence, rows: readonly string[]): number {
  const start = text.split(CODE)[0]?.slice(0, 30) ?? '';
  const found = rows.findIndex((row) => start.length > 5 && row.includes(start));
  return found < 0 ? Math.min(line, rows.length) : found + 1;
}
