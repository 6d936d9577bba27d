import { readMails } from '../../../tools/demo/mails';

const MAX_CHARACTERS = 2_000;

/** What people wrote to each other, a paragraph at a time as one does in a chat: those of some six thousand real mails. */
export async function chatTexts(): Promise<string[]> {
  const mails = await readMails();
  return mails.flatMap(({ text }) =>
    text
      .split(/\n\s*\n/)
      .map((paragraph) => paragraph.trim())
      .filter((paragraph) => paragraph !== '' && paragraph.length <= MAX_CHARACTERS),
  );
}
