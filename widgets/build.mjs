// Bundles each widget into the Python package. Nothing that comes out of here is committed.
import { readFile } from "node:fs/promises";

import { build } from "esbuild";

const widgets = ["predict_box", "report_view", "run_dashboard", "runs_list"];

/** uPlot hangs its bars, steps and splines on an object, so that no bundler can see that nothing here draws them. */
const withoutUnusedPaths = {
  name: "without-unused-paths",
  setup({ onLoad }) {
    onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const contents = source.replace(/^\t\(paths\.(stepped|bars|spline) .*\n/gm, "");
      if (contents === source) throw new Error(`${path} has changed: see which paths it exports`);
      return { contents };
    });
  },
};

await build({
  entryPoints: widgets.flatMap((name) => [`src/${name}.ts`, `src/${name}.css`]),
  outdir: "ft_widgets/static",
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "esm",
  target: "es2022",
  plugins: [withoutUnusedPaths],
  logLevel: "warning",
});
