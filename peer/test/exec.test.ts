// The one Exec passes the exam of its port.
import { openExec } from '@planetary-mesh/peer'
import { examineExec } from './exams/exec-exam.ts'

examineExec('exec', openExec)
