// Fills Google's What-If Tool with the rows of this page, and answers what it asks.
(function fill() {
  "use strict";
  const tool = document.getElementById("wit");
  if (!(tool && tool.updateExampleContents)) {
    requestAnimationFrame(fill);
    return;
  }
  const page = JSON.parse(document.getElementById("what-if").textContent);
  const live = page.mode === "live";
  const examples = page.examples.slice();
  let changed = new Set();
  let first = true;

  const failed = (message) => {
    document.title = "What-If: " + message;
    tool.handleError(message);
  };

  async function ask(what, content) {
    const answer = await fetch(what, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(content),
    });
    const found = await answer.json().catch(() => ({ error: "no answer" }));
    if (!answer.ok) throw new Error(found.error || answer.statusText);
    return found;
  }

  const say = (promise) => promise.catch((error) => failed(error.message));

  // `results` holds for each model what it says of the rows at `indices`
  function show(indices, results) {
    const wrapped = results.map((each) =>
      page.type === "classification"
        ? { classificationResult: { classifications: each } }
        : { regressionResult: { regressions: each } },
    );
    tool.labelVocab = page.classes;
    tool.inferences = { indices, results: wrapped };
    tool.extraOutputs = { indices, extra: results.map(() => ({})) };
    document.body.dataset.inferred = Number(document.body.dataset.inferred || 0) + 1;
  }

  tool.addEventListener("infer-examples", () => {
    if (first) {
      first = false;
      const kept = page.models.map((model) => page.inferences[model]);
      // after the tool has taken in the rows themselves
      setTimeout(() => show(examples.map((_, index) => index), kept), 0);
      return;
    }
    if (!live) {
      setTimeout(() => failed("This page is a file. To predict changed rows, run: kedro cycle what-if"), 0);
      return;
    }
    const indices = [...changed].sort((one, other) => one - other);
    changed = new Set();
    if (!indices.length) {
      setTimeout(() => { tool.loadingBarHidden_ = true; }, 0);
      return;
    }
    say(
      ask("infer", { examples: indices.map((index) => examples[index]) }).then((found) =>
        show(indices, page.models.map((model) => found[model])),
      ),
    );
  });

  tool.addEventListener("update-example", (event) => {
    examples[event.detail.index] = event.detail.example;
    changed.add(event.detail.index);
  });
  tool.addEventListener("duplicate-example", (event) => {
    changed.add(examples.push(examples[event.detail.index]) - 1);
  });
  tool.addEventListener("delete-example", (event) => {
    const gone = event.detail.index;
    examples.splice(gone, 1);
    changed = new Set(
      [...changed].filter((index) => index !== gone).map((index) => (index < gone ? index : index - 1)),
    );
  });

  if (live) {
    tool.addEventListener("get-eligible-features", () => {
      say(ask("features", {}).then((found) => { tool.partialDepPlotEligibleFeatures = found; }));
    });
    tool.addEventListener("sort-eligible-features", (event) => {
      const asked = { example: examples[event.detail.example_index] || null };
      say(ask("sorted", asked).then((found) => { tool.partialDepPlotEligibleFeatures = found; }));
    });
    tool.addEventListener("infer-mutants", (event) => {
      const feature = event.detail.feature_name;
      const { x_min: low, x_max: high } = event.detail;
      const asked = { feature, low, high, example: examples[event.detail.example_index] || null };
      say(
        ask("dependence", asked).then((found) =>
          tool.makeChartForFeature(found.kind, feature, [page.models.map((model) => found.curves[model])]),
        ),
      );
    });
  }

  tool.style.height = "calc(100vh - 48px)";
  tool.inferenceAddress = page.models.map(() => page.mode).join(",");
  tool.modelName = page.models.join(",");
  tool.modelType = page.type;
  tool.multiClass = page.multiclass;
  tool.maxInferenceEntriesPerRun = page.shown;
  tool.updateNumberOfModels();
  tool.set("overallThresholds", page.thresholds.map((threshold) => ({ threshold })));
  tool.selectedLabelFeature = page.target;
  tool.customDistanceFunctionSet = false;
  tool.updateExampleContents(page.examples, false);
})();
