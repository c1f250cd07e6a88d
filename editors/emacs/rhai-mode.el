;;; rhai-mode.el --- Scripts of cistron (Rhai)  -*- lexical-binding: t; -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "27.1"))
;; Keywords: languages
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; A major mode for scripts of cistron: highlighting, indentation as `cistron fmt' lays scripts
;; out, an index of functions, and an entry for Eglot, which starts `cistron lsp'.
;;
;;     (add-to-list 'load-path "…/editors/emacs")
;;     (require 'rhai-mode)
;;     (add-hook 'rhai-mode-hook #'eglot-ensure)
;;
;; C-c C-f lays the script out, C-c C-c runs it, C-c C-k checks it.

;;; Code:

(require 'subr-x)

(defgroup rhai nil
  "Scripts of cistron."
  :group 'languages)

(defcustom rhai-program "cistron"
  "The program, a name in the variable `exec-path' or a path."
  :type 'string)

(defcustom rhai-indent-offset 4
  "Blanks of a step of indentation."
  :type 'integer
  :safe #'integerp)

(defconst rhai--namespaces
  '("augment" "cluster" "contacts" "data" "explain" "expression" "files" "genome" "graph" "init"
    "intervals" "label" "loss" "metric" "motif" "motifs" "network" "nn" "optim" "plot" "protein"
    "rule" "schedule" "search" "seq" "sim" "stats" "table" "tensor" "tokenizer" "track" "train"
    "trees" "weights")
  "Namespaces of cistron.")

(defconst rhai--functions
  '("print" "debug" "type_of" "is_shared" "is_def_var" "is_def_fn" "Fn" "apropos" "assert"
    "assert_eq" "assert_near" "display" "format" "help" "param" "pretty" "range" "report"
    "save_text" "seconds")
  "Functions without a namespace.")

(defconst rhai--keywords
  '("let" "const" "if" "else" "switch" "for" "in" "while" "loop" "do" "until" "break" "continue"
    "return" "fn" "private" "import" "export" "as" "try" "catch" "throw" "no_grad")
  "Words of the language.")

;;;; Syntax

(defvar rhai-mode-syntax-table
  (let ((table (make-syntax-table)))
    (modify-syntax-entry ?/ ". 124b" table)
    (modify-syntax-entry ?* ". 23n" table)
    (modify-syntax-entry ?\n "> b" table)
    (modify-syntax-entry ?\" "\"" table)
    (modify-syntax-entry ?\\ "\\" table)
    (modify-syntax-entry ?_ "_" table)
    (modify-syntax-entry ?# "." table)
    (modify-syntax-entry ?` "." table)
    (modify-syntax-entry ?' "." table)
    (modify-syntax-entry ?$ "." table)
    (dolist (sign '(?+ ?- ?% ?& ?| ?^ ?< ?> ?= ?! ?? ?@ ?~ ?. ?: ?, ?\;))
      (modify-syntax-entry sign "." table))
    table)
  "Syntax of scripts; `rhai--propertize' finds strings in back quotes.")

(defun rhai--code-end (start end)
  "The place after the brace that ends the interpolation with code at START.
Nil if it does not end before END.  Strings and comments in the code are
passed over."
  (let ((depth 1) (at start) found)
    (while (and (not found) (< at end))
      (let ((letter (char-after at)))
        (cond
         ((eq letter ?{) (setq depth (1+ depth) at (1+ at)))
         ((eq letter ?}) (setq depth (1- depth) at (1+ at))
          (when (= depth 0) (setq found at)))
         ((eq letter ?`)
          (setq at (or (rhai--template-end (1+ at) end) end)))
         ((eq letter ?\")
          (save-excursion
            (goto-char (1+ at))
            (while (and (< (point) end) (not (eq (char-after) ?\")))
              (forward-char (if (eq (char-after) ?\\) 2 1)))
            (setq at (1+ (point)))))
         ((and (eq letter ?') (eq (char-after (+ at 1)) ?\\)) (setq at (+ at 4)))
         ((and (eq letter ?') (eq (char-after (+ at 2)) ?')) (setq at (+ at 3)))
         ((and (eq letter ?/) (eq (char-after (1+ at)) ?/))
          (save-excursion (goto-char at) (end-of-line) (setq at (point))))
         (t (setq at (1+ at))))))
    found))

(defun rhai--template-end (start end)
  "The place after the back quote that ends the string with text at START.
Nil if it does not end before END.  A back quote written twice belongs to the
string."
  (let ((at start) found)
    (while (and (not found) (< at end))
      (let ((letter (char-after at)) (next (char-after (1+ at))))
        (cond
         ((and (eq letter ?`) (eq next ?`)) (setq at (+ at 2)))
         ((eq letter ?`) (setq found (1+ at)))
         ((and (eq letter ?\\) (eq next ?$)) (setq at (+ at 2)))
         ((and (eq letter ?$) (eq next ?{))
          (setq at (or (rhai--code-end (+ at 2) end) end)))
         (t (setq at (1+ at))))))
    found))

(defun rhai--put (at syntax)
  "Give the letter at AT the SYNTAX."
  (put-text-property at (1+ at) 'syntax-table (string-to-syntax syntax)))

(defun rhai--propertize (start end)
  "Mark strings in back quotes, raw strings and letters between START and END."
  (goto-char start)
  (let ((regexp "`\\|'\\(?:\\\\[^\n]+?\\|[^'\\\n]\\)'\\|\\(#+\\)\""))
    (while (re-search-forward regexp end t)
      (let* ((first (match-beginning 0))
             (hashes (match-string 1))
             (last (match-end 0))
             (state (save-excursion (syntax-ppss first))))
        (cond
         ((nth 8 state) (goto-char (1+ first)))
         (hashes
          (rhai--put first "|")
          (when (search-forward (concat "\"" hashes) nil t)
            (rhai--put (1- (point)) "|")))
         ((eq (char-after first) ?')
          (rhai--put first "\"'")
          (rhai--put (1- last) "\"'"))
         (t
          ;; the quotes of the outer string alone: what is in it belongs to it
          (rhai--put first "|")
          (let ((closed (rhai--template-end (1+ first) (point-max))))
            (when closed
              (rhai--put (1- closed) "|")
              (put-text-property first closed 'syntax-multiline t))
            (goto-char (or closed end)))))))))

;;;; Highlighting

(defun rhai--in-template-p (place)
  "Whether PLACE is in a string in back quotes."
  (let ((state (syntax-ppss place)))
    (and (nth 3 state) (eq (char-after (nth 8 state)) ?`))))

(defun rhai--match-interpolation (limit)
  "Find the next interpolation before LIMIT."
  (let (found)
    (while (and (not found) (search-forward "${" limit t))
      (let ((start (match-beginning 0)))
        (when (and (not (eq (char-before start) ?\\))
                   (save-excursion (rhai--in-template-p start)))
          (let ((end (rhai--code-end (+ start 2) (point-max))))
            (when end
              (set-match-data (list start end start (+ start 2) (1- end) end))
              (goto-char (min end limit))
              (setq found t))))))
    found))

(defvar rhai-font-lock-keywords
  (let ((name "[A-Za-z_][A-Za-z0-9_]*"))
    `((,(concat "\\_<fn\\s-+\\(?:\\(" name "\\)\\.\\)?\\(" name "\\)")
       (1 font-lock-type-face nil t) (2 font-lock-function-name-face))
      (,(concat "\\_<\\(?:let\\|const\\)\\s-+\\(" name "\\)") 1 font-lock-variable-name-face)
      (,(concat "\\_<as\\s-+\\(" name "\\)") 1 font-lock-constant-face)
      ("!in\\_>" 0 font-lock-keyword-face)
      (,(concat "\\(?:^\\|[^.:]\\)" (regexp-opt rhai--keywords 'symbols)) 1 font-lock-keyword-face)
      (,(concat "\\(?:^\\|[^.:]\\)" (regexp-opt '("true" "false" "this" "global") 'symbols))
       1 font-lock-constant-face)
      (,(concat (regexp-opt rhai--namespaces 'symbols) "::") 1 font-lock-type-face)
      (,(concat "\\_<\\(" name "\\)::") 1 font-lock-constant-face)
      (,(concat "\\(?:^\\|[^.:]\\)" (regexp-opt rhai--functions 'symbols) "(")
       1 font-lock-builtin-face)
      (,(concat "\\_<\\(" name "\\)!?(") 1 font-lock-function-name-face)
      (,(concat "\\_<\\(" name "\\)\\s-*:\\(?:[^:]\\|$\\)") 1 font-lock-variable-name-face)
      ("\\_<[A-Z][A-Z0-9_]+\\_>" 0 font-lock-constant-face)
      (rhai--match-interpolation
       (0 'default t) (1 font-lock-preprocessor-face t) (2 font-lock-preprocessor-face t))))
  "Highlighting of scripts.")

(defun rhai--face (state)
  "The face of a string or comment with the STATE of the parser at its beginning."
  (cond
   ((nth 3 state) font-lock-string-face)
   ((save-excursion
      (goto-char (nth 8 state))
      (looking-at-p "///\\(?:[^/]\\|$\\)\\|//!\\|/\\*\\*[^*/]"))
    font-lock-doc-face)
   (t font-lock-comment-face)))

;;;; Indentation

(defun rhai--last-code ()
  "Move back to the end of the code before this line; nil if there is none."
  (beginning-of-line)
  (forward-comment (- (point-max)))
  (not (bobp)))

(defun rhai--continues-p ()
  "Whether the code that begins at point continues what is before its line."
  (save-excursion
    (back-to-indentation)
    (forward-comment (point-max))
    (let ((is-end (or (eobp) (looking-at-p "[])}]")))
          (is-member (looking-at-p "\\?\\?\\.\\(?:[^.]\\)"))
          (is-operator (looking-at-p "&&\\|||\\|\\?\\?\\|[=!<>]=\\||>\\|[/%<>=]")))
      (unless is-end
        (forward-line 0)
        (when (rhai--last-code)
          (pcase (char-before)
            (?} (or is-member is-operator))
            ((or ?\; ?, ?{ ?\( ?\[) nil)
            (_ t)))))))

(defun rhai--indentation ()
  "The column of this line; nil for a line that begins within a string."
  (save-excursion
    (back-to-indentation)
    (let* ((state (save-excursion (syntax-ppss (line-beginning-position))))
           (open (reverse (nth 9 state)))
           (closed 0))
      (cond
       ((nth 3 state) nil)
       ((nth 4 state) (current-indentation))
       (t
        (save-excursion
          (while (looking-at-p "[])}]")
            (setq closed (1+ closed))
            (forward-char)
            (skip-chars-forward " \t")))
        (if (> closed 0)
            (let ((place (nth (1- closed) open)))
              (if place (save-excursion (goto-char place) (current-indentation)) 0))
          (+ (if open
                 (save-excursion (goto-char (car open)) (+ (current-indentation) rhai-indent-offset))
               0)
             (if (rhai--continues-p) rhai-indent-offset 0))))))))

(defun rhai-indent-line ()
  "Indent this line."
  (let ((column (rhai--indentation))
        (is-before (<= (current-column) (current-indentation))))
    (cond
     ((null column) 'noindent)
     (is-before (indent-line-to column))
     (t (save-excursion (indent-line-to column))))))

;;;; Commands

(defun rhai-format-buffer ()
  "Lay the script out by `cistron fmt'.
A script that cannot be read stays as it is."
  (interactive)
  (let ((out (generate-new-buffer " *cistron fmt*"))
        (errors (make-temp-file "cistron")))
    (unwind-protect
        (if (zerop (call-process-region nil nil rhai-program nil (list out errors) nil "fmt" "-"))
            (replace-buffer-contents out)
          (message "%s" (with-temp-buffer
                          (insert-file-contents errors)
                          (string-trim (buffer-string)))))
      (kill-buffer out)
      (delete-file errors))))

(defun rhai--compile (verb)
  "Call the program with VERB and the file of this buffer."
  (unless buffer-file-name (user-error "The script is not in a file"))
  (save-buffer)
  (compile (format "%s %s %s" (shell-quote-argument rhai-program) verb
                   (shell-quote-argument buffer-file-name))))

(defun rhai-run ()
  "Run the script."
  (interactive)
  (rhai--compile "run"))

(defun rhai-check ()
  "List the faults of the script."
  (interactive)
  (rhai--compile "check"))

(defvar compilation-error-regexp-alist)
(defvar compilation-error-regexp-alist-alist)
(with-eval-after-load 'compile
  (add-to-list 'compilation-error-regexp-alist 'cistron)
  (add-to-list 'compilation-error-regexp-alist-alist
               '(cistron "^  --> \\(.+?\\):\\([0-9]+\\):\\([0-9]+\\)$" 1 2 3)))

(defvar eglot-server-programs)
(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               (cons 'rhai-mode (lambda (&rest _) (list rhai-program "lsp")))))

;;;; Mode

(defvar rhai-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-f") #'rhai-format-buffer)
    (define-key map (kbd "C-c C-c") #'rhai-run)
    (define-key map (kbd "C-c C-k") #'rhai-check)
    map)
  "Keys of scripts.")

;;;###autoload
(define-derived-mode rhai-mode prog-mode "Rhai"
  "Major mode for scripts of cistron."
  (setq-local comment-start "// ")
  (setq-local comment-start-skip "\\(?://+!?\\|/\\*+\\)\\s-*")
  (setq-local comment-end "")
  (setq-local indent-tabs-mode nil)
  (setq-local tab-width rhai-indent-offset)
  (setq-local indent-line-function #'rhai-indent-line)
  (setq-local electric-indent-chars (append "{}()[]." electric-indent-chars))
  (setq-local syntax-propertize-function #'rhai--propertize)
  (setq-local parse-sexp-lookup-properties t)
  (add-hook 'syntax-propertize-extend-region-functions
            #'syntax-propertize-multiline nil t)
  (setq-local font-lock-multiline t)
  (setq-local font-lock-defaults
              '(rhai-font-lock-keywords
                nil nil nil nil (font-lock-syntactic-face-function . rhai--face)))
  (setq-local imenu-generic-expression
              '((nil "^\\(?:private\\s-+\\)?fn\\s-+\\(?:[A-Za-z_0-9]+\\.\\)?\\([A-Za-z_0-9]+\\)" 1)
                ("Imports" "^import\\s-+.*\\s-as\\s-+\\([A-Za-z_0-9]+\\)" 1)))
  (setq-local open-paren-in-column-0-is-defun-start nil)
  (setq-local defun-prompt-regexp "^\\(?:private\\s-+\\)?fn\\s-+[^{]*"))

;;;###autoload
(add-to-list 'auto-mode-alist '("\\.rhai\\'" . rhai-mode))
;;;###autoload
(add-to-list 'interpreter-mode-alist '("cistron" . rhai-mode))

(provide 'rhai-mode)
;;; rhai-mode.el ends here
