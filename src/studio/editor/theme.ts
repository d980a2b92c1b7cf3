/** Monaco in the site's own colours, which it takes from the page whenever the theme changes. */
import type * as Monaco from 'monaco-editor/editor';
import { onThemeChange } from '../../terminal/theme.ts';

const NAME = 'meshwalk';

/** Keeps Monaco's theme that of the page. */
export function followTheme(monaco: typeof Monaco): void {
  const follow = (): void => {
    const dark = document.documentElement.dataset.theme !== 'light';
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
    const rule = (token: string, name: string): Monaco.editor.ITokenThemeRule => ({
      token,
      foreground: colour(name).replace('#', ''),
    });
    monaco.editor.defineTheme(NAME, {
      base: dark ? 'vs-dark' : 'vs',
      inherit: false,
      rules: [
        rule('', 'ink'),
        rule('type', 'accent'),
        rule('string', 'kind-task'),
        rule('number', 'kind-ingress'),
        rule('keyword', 'kind-lb'),
        rule('comment', 'soft'),
        rule('tag', 'kind-host'),
        rule('variable', 'kind-overlay'),
      ],
      colors: {
        'editor.background': colour('well'),
        'editor.foreground': colour('ink'),
        'editorLineNumber.foreground': colour('soft'),
        'editorLineNumber.activeForeground': colour('strong'),
        'editorCursor.foreground': colour('accent'),
        'editorWidget.background': colour('sheet'),
        'editorWidget.border': colour('line-strong'),
        'editorHoverWidget.background': colour('sheet'),
        'editorSuggestWidget.background': colour('sheet'),
        'editorSuggestWidget.selectedBackground': colour('accent-wash'),
        'editorSuggestWidget.selectedForeground': colour('strong'),
        'editorSuggestWidget.highlightForeground': colour('accent'),
        'editorSuggestWidget.focusHighlightForeground': colour('accent'),
        focusBorder: colour('accent'),
      },
    });
    monaco.editor.setTheme(NAME);
  };
  follow();
  onThemeChange(follow);
}
