// Before anything is drawn: the colours that somebody chose, not the system's.
// The only script that is no module, as modules run after the first paint.
try {
  document.documentElement.dataset.theme = localStorage.getItem('theme') || '';
} catch {
  document.documentElement.dataset.theme = ''; // a browser that keeps nothing
}
