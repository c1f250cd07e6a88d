#!/usr/bin/env bash
# Installs an unpacked archive of scripts/package, the current folder, into $PREFIX.
set -euo pipefail
home=$PREFIX/opt/cistron
mkdir -p "$home" "$PREFIX/bin" "$PREFIX/share"
for part in bin lib libexec share build-version README; do
  if [ -e "$part" ]; then cp -R "$part" "$home/"; fi
done
# the program finds its libtorch from where the link leads
ln -s ../opt/cistron/bin/cistron "$PREFIX/bin/cistron"
for place in man/man1 bash-completion/completions zsh/site-functions fish/vendor_completions.d; do
  mkdir -p "$PREFIX/share/$place"
  for file in "$home/share/$place"/*; do
    ln -s "$(realpath --relative-to="$PREFIX/share/$place" "$file")" "$PREFIX/share/$place/"
  done
done
