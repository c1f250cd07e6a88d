// Starts `cistron lsp`, and runs scripts in a terminal.
'use strict';

const vscode = require('vscode');
const { LanguageClient, RevealOutputChannelOn } = require('vscode-languageclient/node');
const program = require('./program');

/** @type {LanguageClient | undefined} */
let client;
/** @type {import('vscode').LogOutputChannel | undefined} */
let output;
// starts and stops are done one after the other
let queue = Promise.resolve();

const settings = () => vscode.workspace.getConfiguration('cistron');
const folder = () => vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;

/** The path of the program, after an error message where there is none. */
async function located() {
  const setting = settings().get('path', 'cistron');
  const found = program.find(setting, folder());
  if (found === undefined) {
    const message = program.missing(setting);
    output?.error(message);
    const open = 'Open Settings';
    // not awaited: the message stays until somebody closes it
    vscode.window.showErrorMessage(message, open).then(chosen => {
      if (chosen === open) vscode.commands.executeCommand('workbench.action.openSettings', 'cistron.path');
    });
  }
  return found;
}

async function stopped() {
  const last = client;
  client = undefined;
  try {
    await last?.dispose();
  } catch (error) {
    output?.error(`The language server did not end: ${error}`);
  }
}

async function started() {
  await stopped();
  const command = await located();
  if (command === undefined) return;
  const environment = settings().get('environment', {});
  const run = { command, args: ['lsp'], options: { env: { ...process.env, ...environment }, cwd: folder() } };
  const next = new LanguageClient('cistron', 'cistron', { run, debug: run }, {
    documentSelector: [{ language: 'rhai', scheme: 'file' }, { language: 'rhai', scheme: 'untitled' }],
    outputChannel: output,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
  });
  try {
    await next.start();
    client = next;
  } catch (error) {
    const message = `"${command} lsp" did not start: ${error instanceof Error ? error.message : error}`;
    output?.error(message);
    vscode.window.showErrorMessage(message);
  }
}

function queued(action) {
  queue = queue.then(action, action);
  return queue;
}

/** Runs `cistron VERB … SCRIPT` in a terminal, in the folder of the script's workspace. */
async function inTerminal(verb, before) {
  const document = vscode.window.activeTextEditor?.document;
  if (document?.languageId !== 'rhai' || document.uri.scheme !== 'file') {
    vscode.window.showErrorMessage('Open a script (.rhai) that is saved in a file.');
    return;
  }
  if (document.isDirty && !await document.save()) return;
  const command = await located();
  if (command === undefined) return;
  const workspace = vscode.workspace.getWorkspaceFolder(document.uri);
  const task = new vscode.Task(
    { type: 'cistron', verb },
    workspace ?? vscode.TaskScope.Workspace,
    `${verb} ${vscode.workspace.asRelativePath(document.uri)}`,
    'cistron',
    new vscode.ProcessExecution(command, [verb, ...before, document.uri.fsPath], {
      cwd: workspace?.uri.fsPath,
      env: settings().get('environment', {}),
    }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  return vscode.tasks.executeTask(task);
}

async function activate(context) {
  output = vscode.window.createOutputChannel('cistron', { log: true });
  const command = (name, action) => vscode.commands.registerCommand(name, action);
  context.subscriptions.push(
    output,
    command('cistron.restart', () => queued(started)),
    command('cistron.output', () => output?.show()),
    command('cistron.run', () => inTerminal('run', settings().get('run.arguments', []))),
    command('cistron.test', () => inTerminal('test', [])),
    vscode.workspace.onDidChangeConfiguration(change => {
      const isOfServer = ['path', 'environment']
        .some(name => change.affectsConfiguration(`cistron.${name}`));
      if (isOfServer) queued(started);
    }),
  );
  await queued(started);
}

function deactivate() {
  return queued(stopped);
}

module.exports = { activate, deactivate };
