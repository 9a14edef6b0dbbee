/** Guests whose output would steer the terminal of whoever reads it. */
import { exits, type Guest } from '../guest.ts'

const says = (name: string, attack: string, text: string): Guest => ({
  name,
  attack,
  canary: 'terminal',
  wat: `(func (export "_start") (call $say (str "${text}")))`,
  expected: exits(0),
  door: 'raw',
})

export const TERMINAL_GUESTS: readonly Guest[] = [
  says('clearing the screen', 'wipes what stood there before', '\\1b[2J\\1b[3J\\1b[H all is well'),
  says('another title', 'renames the window', '\\1b]0;root@bank\\07'),
  says('the clipboard', 'puts a command on the clipboard', '\\1b]52;c;cm0gLXJmIH4=\\07'),
  says(
    'a false link',
    'hides an address behind a word',
    '\\1b]8;;http://x.invalid\\07ok\\1b]8;;\\07',
  ),
  says('an answer', 'asks the terminal to type something itself', '\\1b[6n\\1b[c'),
  says(
    'codes of one character',
    'uses the control characters above 127',
    '\\c2\\9b2J\\c2\\9d0;x\\c2\\9c',
  ),
  says('writing over', 'writes a good answer over the bad one', 'refused\\0d\\08\\08\\7faccepted'),
  says(
    'reading backwards',
    'turns the order of letters round',
    'owes \\e2\\80\\ae001\\e2\\80\\ac alice',
  ),
]
