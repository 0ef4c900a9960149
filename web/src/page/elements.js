/** Elements of `page.html`. */

/**
 * The element with this id, of this kind.
 *
 * @template {HTMLElement} T
 * @param {string} id @param {new () => T} kind @returns {T}
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

/**
 * The element of this class inside another.
 *
 * @param {ParentNode} parent @param {string} name @returns {HTMLElement}
 */
export function part(parent, name) {
  const found = parent.querySelector(`.${name}`);
  if (!(found instanceof HTMLElement)) throw new Error(`no .${name}`);
  return found;
}
