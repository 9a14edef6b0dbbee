// A job that was done, in the hands of those who would have it otherwise: without keys, with every
// key there is, or with an executor's own. They share one scene and one slot.
import './altered.ts'
import './signed-lies.ts'
import './lying-executors.ts'
