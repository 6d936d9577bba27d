import fc from 'fast-check';
import type { Action, ActionKind } from '../action';
import { changeConversation } from './change-conversation';
import { changeMembers } from './change-members';
import { changeMessage } from './change-message';
import { govern } from './govern';
import { mark } from './mark';
import { openConversation } from './open-conversation';
import { prefer } from './prefer';
import { react } from './react';
import { reconnect } from './reconnect';
import { replyTogether } from './reply-together';
import { send } from './send';
import { sendAgain } from './send-again';
import { vote } from './vote';

const ACTION_KINDS: ActionKind[] = [
  openConversation,
  changeConversation,
  changeMembers,
  govern,
  prefer,
  send,
  sendAgain,
  replyTogether,
  changeMessage,
  react,
  vote,
  mark,
  reconnect,
];

/** What happens at once, and then what comes after that, ... */
export function actionLists(turns: { min: number; max: number }): fc.Arbitrary<Action[][]> {
  const action = fc.oneof(...ACTION_KINDS.map(({ weight, actions }) => ({ weight, arbitrary: actions })));
  const atOnce = fc.array(action, { minLength: 1, maxLength: 6 });
  const first = openConversation.actions.map((opening) => [opening]);
  return fc
    .tuple(first, fc.array(atOnce, { minLength: turns.min, maxLength: turns.max, size: 'max' }))
    .map(([opening, rest]) => [opening, ...rest]);
}
