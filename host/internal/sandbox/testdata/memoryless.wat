;; Its memory has another name.
(module (memory (export "heap") 1))
