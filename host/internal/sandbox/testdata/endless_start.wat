;; A start function that does not return.
(module (memory (export "memory") 1) (func $start (loop (br 0))) (start $start))
