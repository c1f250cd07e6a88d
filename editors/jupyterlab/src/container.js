// A container of webpack's module federation, as JupyterLab loads it: `init` receives the modules
// that Jupyter shares, `get` returns the factory of an exposed module.

// `{ version: { get, loaded } }` of one module; `get` returns a promise of its factory
async function shared(scope, name) {
  const copies = Object.values(scope[name] ?? {});
  const copy = copies.find(one => one.loaded) ?? copies[0];
  if (!copy) throw new Error(`jupyterlab-cistron: ${name} is missing: JupyterLab 4 is needed`);
  return (await copy.get())();
}

export function container(rhai, plugin, names) {
  let scope = {};
  return {
    init: modules => {
      scope = modules;
    },
    get: async module => {
      if (module !== './extension') throw new Error(`jupyterlab-cistron: no module ${module}`);
      const modules = await Promise.all(names.map(name => shared(scope, name)));
      return () => ({ __esModule: true, default: plugin(rhai, modules) });
    },
  };
}
