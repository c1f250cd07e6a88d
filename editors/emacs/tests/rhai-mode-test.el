;;; rhai-mode-test.el --- Tests of rhai-mode  -*- lexical-binding: t; -*-

;; emacs -Q --batch -L . -l tests/rhai-mode-test.el -f ert-run-tests-batch-and-exit
;; The environment may have CISTRON, the program, and SCRIPTS, a file with a path in each line.

;;; Code:

(require 'ert)
(require 'imenu)
(require 'rhai-mode)

(defun rhai-test-program ()
  "The program; nil where the environment names none."
  (let ((name (getenv "CISTRON")))
    (and name (not (string-empty-p name)) name)))

(defun rhai-test-face (line part)
  "The face of PART of LINE."
  (with-temp-buffer
    (insert line)
    (rhai-mode)
    (font-lock-ensure)
    (goto-char (point-min))
    (search-forward part)
    (let ((face (get-text-property (match-beginning 0) 'face)))
      (if (listp face) (car face) face))))

(ert-deftest rhai-test-faces ()
  (dolist (case '(("let x = nn::conv1d(8);" "let" font-lock-keyword-face)
                  ("let x = nn::conv1d(8);" "x" font-lock-variable-name-face)
                  ("let x = nn::conv1d(8);" "nn" font-lock-type-face)
                  ("let x = nn::conv1d(8);" "conv1d" font-lock-function-name-face)
                  ("own::f(1)" "own" font-lock-constant-face)
                  ("private fn Tensor.twice() { this }" "Tensor" font-lock-type-face)
                  ("private fn Tensor.twice() { this }" "twice" font-lock-function-name-face)
                  ("private fn Tensor.twice() { this }" "this" font-lock-constant-face)
                  ("let s = \"a \\\" b\" + c();" " b" font-lock-string-face)
                  ("let s = \"a \\\" b\" + c();" "c" font-lock-function-name-face)
                  ("let s = `a ${f(`b ${c}`, #{ x: \"}\" })} d` + e();" "a " font-lock-string-face)
                  ("let s = `a ${f(`b ${c}`, #{ x: \"}\" })} d` + e();" "f" default)
                  ("let s = `a ${f(`b ${c}`, #{ x: \"}\" })} d` + e();" " d" font-lock-string-face)
                  ("let s = `a ${f(`b ${c}`, #{ x: \"}\" })} d` + e();" "e()" font-lock-function-name-face)
                  ("let s = ```d`` // \\${e}` + g();" "{e}" font-lock-string-face)
                  ("let s = ```d`` // \\${e}` + g();" "g()" font-lock-function-name-face)
                  ("let s = #\"a \"b\" \"# + g();" "b" font-lock-string-face)
                  ("let s = #\"a \"b\" \"# + g();" "g()" font-lock-function-name-face)
                  ("let c = '\"' + g();" "g()" font-lock-function-name-face)
                  ("let c = '\\'' + g();" "g()" font-lock-function-name-face)
                  ("/* a /* b */ c */ let x = 1;" "c" font-lock-comment-face)
                  ("/* a /* b */ c */ let x = 1;" "let" font-lock-keyword-face)
                  ("/// a" "a" font-lock-doc-face)
                  ("//// a" "a" font-lock-comment-face)
                  ("x.until(3)" "until" font-lock-function-name-face)
                  ("#{ width: 3 }" "width" font-lock-variable-name-face)
                  ("print(1)" "print" font-lock-builtin-face)
                  ("if a !in b { }" "!in" font-lock-keyword-face)))
    (pcase-let ((`(,line ,part ,face) case))
      (should (equal (list line part face) (list line part (rhai-test-face line part)))))))

(ert-deftest rhai-test-scripts ()
  "Scripts keep their indentation, and nothing is open at their end."
  (skip-unless (getenv "SCRIPTS"))
  (let ((paths (with-temp-buffer
                 (insert-file-contents (getenv "SCRIPTS"))
                 (split-string (buffer-string) "\n" t)))
        (lines 0) faults)
    (dolist (path paths)
      (with-temp-buffer
        (insert-file-contents path)
        (rhai-mode)
        (let ((before (split-string (buffer-string) "\n"))
              (state (syntax-ppss (point-max))))
          (when (or (nth 8 state) (> (nth 0 state) 0))
            (push (format "%s: still open at the end" path) faults))
          (let ((inhibit-message t)) (indent-region (point-min) (point-max)))
          (let ((after (split-string (buffer-string) "\n")))
            (dotimes (i (length before))
              (setq lines (1+ lines))
              (unless (equal (nth i before) (nth i after))
                (push (format "%s:%d: indented as `%s'" path (1+ i) (nth i after)) faults)))))))
    (message "%d scripts, %d lines, %d faults" (length paths) lines (length faults))
    (dolist (fault (reverse faults)) (message "%s" fault))
    (should-not faults)))

(ert-deftest rhai-test-format ()
  (skip-unless (rhai-test-program))
  (let ((rhai-program (rhai-test-program)))
    (with-temp-buffer
      (insert "fn f(x){\nlet y=x;\ny\n}\n")
      (rhai-mode)
      (rhai-format-buffer)
      (should (equal (buffer-string) "fn f(x) {\n    let y = x;\n    y\n}\n"))
      (erase-buffer)
      (insert "let x = `a")
      (rhai-format-buffer)
      (should (equal (buffer-string) "let x = `a")))))

(ert-deftest rhai-test-index ()
  (with-temp-buffer
    (insert "import \"own\" as own;\nfn f() { 1 }\nprivate fn Tensor.g() { 2 }\n")
    (rhai-mode)
    (let ((found (imenu--make-index-alist t)))
      (should (assoc "f" found))
      (should (assoc "g" found)))))

(ert-deftest rhai-test-language-server ()
  (skip-unless (rhai-test-program))
  (skip-unless (require 'eglot nil t))
  (let* ((rhai-program (rhai-test-program))
         (eglot-sync-connect 20)
         (folder (file-name-as-directory (make-temp-file "rhai-mode" t)))
         (file (expand-file-name "a.rhai" folder)))
    (with-temp-file file
      (insert "nn::conv2(8, 3);\nfn f(x) { x }\nf(1);\n"))
    ;; flymake waits until the buffer is displayed
    (with-current-buffer (progn (find-file file) (current-buffer))
      (unwind-protect
          (progn
            (apply #'eglot (eglot--guess-contact))
            (with-timeout (20)
              (while (null (flymake-diagnostics)) (accept-process-output nil 0.1)))
            (should (string-match-p "conv2d" (flymake-diagnostic-text (car (flymake-diagnostics)))))
            (goto-char (point-max))
            (search-backward "f(1")
            (let ((found (xref-backend-definitions
                          'eglot (xref-backend-identifier-at-point 'eglot))))
              (should (= 1 (length found))))
            (eglot-rename "g")
            (should (equal (buffer-string) "nn::conv2(8, 3);\nfn g(x) { x }\ng(1);\n"))
            (eglot-shutdown (eglot-current-server)))
        (set-buffer-modified-p nil)
        (kill-buffer)
        (delete-directory folder t)))))

;;; rhai-mode-test.el ends here
