// The extension of JupyterLab: adds the language to those that editors highlight.

// where Jupyter has these modules, it shares one copy of them with its extensions
export const SHARED = ['@codemirror/language', '@jupyterlab/codemirror'];

export function plugin(rhai, [{ LanguageSupport, StreamLanguage }, { IEditorLanguageRegistry }]) {
  return {
    id: 'jupyterlab-cistron:language',
    description: 'Highlights and indents scripts of cistron.',
    autoStart: true,
    requires: [IEditorLanguageRegistry],
    activate: (_, languages) => {
      languages.addLanguage({
        name: 'rhai',
        displayName: 'Rhai (cistron)',
        alias: ['cistron'],
        mime: 'text/x-rhai',
        extensions: ['rhai'],
        support: new LanguageSupport(StreamLanguage.define(rhai)),
      });
    },
  };
}
