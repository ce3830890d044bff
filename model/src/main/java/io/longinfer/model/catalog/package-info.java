/** Models by name: the small one that comes with the application, those that a script fetches, and any file by its path. */
package io.longinfer.model.catalog;
