;; Wants 17 pages.
(module (memory (export "memory") 17))
