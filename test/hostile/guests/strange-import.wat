;; Wants a function that no sandbox ever had.
(module
  (import "env" "open_the_pod_bay_doors" (func $open))
  (memory (export "memory") 1)
  (func (export "_start") (call $open)))
