/*
 * The page: what the daemon says, asked for again and again.
 *
 *	/api/status ────► health and figures          /api/forecast ──► chart, experts
 *	/api/streams ───► the list                    /api/trainings ─► the last trainings
 *
 * A forecast that has been shown is remembered, so that it can be laid over what came of it.
 */
'use strict';

const $ = (id) => document.getElementById(id);
const LIMIT = 50;
const REMEMBERED = 3000; // forecasts per stream
const MOST_REMEMBERED = 40; // streams

const state = {
	sort: 'name', match: '', offset: 0,
	stream: null, // the chosen one's name
	lead: 'half', // how far ahead the forecasts were made that are laid over what came
	memory: new Map(), // stream → Map(origin → {step, leads: {one, half, full}})
	before: null, // the status before, for rates
};

// ---- numbers for people ----

function number(value, iec) {
	if (value === null || value === undefined || Number.isNaN(value)) return '–';
	const base = iec ? 1024 : 1000;
	let size = Math.abs(value), power = 0;
	if (size < 1) return String(Number(value.toPrecision(3)));
	if (size < 10000 && Number.isInteger(value)) return String(value);
	while (size >= base - 0.05 && power < 6) { size /= base; power++; }
	const digits = size < 9.9995 ? 3 : size < 99.995 ? 2 : size < 999.95 ? 1 : 0;
	const suffix = ['', 'k', 'M', 'G', 'T', 'P', 'E'][power] + (iec && power ? 'i' : '');
	return (value < 0 ? '−' : '') + size.toFixed(digits) + suffix;
}

/* A number on an axis, without the zeros that only columns need. */
const tick = (value, iec) => number(value, iec).replace(/(\.\d*?)0+(?=\D*$)/, '$1').replace(/\.(?=\D*$)/, '');

const percent = (share) => share === null || share === undefined ? '–' : (100 * share).toFixed(1).replace('-', '−') + ' %';

function span(seconds) {
	const units = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
	const [size, unit] = units.find(([size]) => seconds >= size) || [0.001, 'ms'];
	const count = seconds / size;
	return (count < 10 && unit !== 'ms' ? Number(count.toFixed(1)) : Math.round(count)) + ' ' + unit;
}

const clock = (seconds) => new Date(1000 * seconds).toLocaleTimeString([], {hour12: false});
const isBytes = (stream) => stream.split('{')[0].includes('bytes');
const isNetwork = (expert) => /^(lstm|gru|rnn)/.test(expert);

// ---- asking ----

async function get(path, values) {
	const query = new URLSearchParams(values || {}).toString();
	const answer = await fetch(path + (query ? '?' + query : ''));
	const body = await answer.json();
	if (!answer.ok) throw Object.assign(new Error(body.error), {status: answer.status});
	return body;
}

/* Calls `ask` again and again; it returns the milliseconds until the next time. `soon` calls it now. */
function repeat(ask) {
	let timer = 0, running = false, again = false;
	async function run() {
		if (running) { again = true; return; }
		running = true;
		clearTimeout(timer);
		let pause = 2000;
		try { pause = await ask(); } catch (error) { notice(error); }
		running = false;
		timer = setTimeout(run, again ? 0 : document.hidden ? 4 * pause : pause);
		again = false;
	}
	run();
	return {soon: run};
}

function notice(error) {
	if (error.status) return;
	document.body.classList.add('stale');
	health('bad', 'not reachable; trying again');
	state.before = null;
}

function element(tag, text, className) {
	const made = document.createElement(tag);
	if (text !== undefined) made.textContent = text;
	if (className) made.className = className;
	return made;
}

// ---- health and figures ----

function health(how, said) {
	$('health').className = how;
	$('health').querySelector('.said').textContent = said;
}

function figure(name, value, bad) {
	const pair = element('div');
	pair.append(element('dt', name), element('dd', value, bad ? 'bad' : ''));
	return pair;
}

function sum(counts, family) {
	return Object.keys(counts).filter((key) => key.split('{')[0] === family)
		.reduce((total, key) => total + counts[key], 0);
}

const ports = (status, where, family) =>
	Object.values(status[where]).reduce((total, counts) => total + sum(counts, family), 0);

function perSecond(status, family) {
	const before = state.before;
	if (!before || before.started !== status.started || status.time <= before.time) return '–';
	const more = sum(status.counts, family) - sum(before.counts, family);
	return number(more / (status.time - before.time)) + '/s';
}

async function askStatus() {
	const status = await get('/api/status');
	document.body.classList.remove('stale');
	health(status.healthy && status.ready ? 'good' : 'bad',
		!status.ready ? 'starting' : status.healthy ? 'healthy' : 'a thread hangs');
	const refused = ports(status, 'inputs', 'refusals_total') + ports(status, 'inputs', 'messages_refused_total');
	const dropped = status.counts['forecasts_total{result="dropped"}'];
	const shown = [
		figure('streams', number(status.counts.streams)),
		figure('samples', perSecond(status, 'samples_total')),
		figure('forecasts', perSecond(status, 'forecasts_total')),
		figure('trainings', number(status.counts['trainings_total{result="adopted"}'])),
		figure('memory', number(status.resident_memory_bytes, true) + 'B'),
		figure('up', span(status.time - status.started)),
	];
	if (refused) shown.push(figure('refused', number(refused), true));
	if (dropped) shown.push(figure('dropped', number(dropped), true));
	$('figures').replaceChildren(...shown);
	state.before = status;
	return 2000;
}

// ---- the list ----

/* A name splits into what it is and whose it is. */
function nameParts(stream) {
	const brace = stream.indexOf('{');
	const name = element('span');
	for (const part of (brace < 0 ? stream : stream.slice(0, brace)).split(/(?<=[_.])/))
		name.append(part, element('wbr')); // where a long name may be broken
	if (brace < 0) return [name];
	return [name, element('span', ' ' + stream.slice(brace + 1, -1).replace(/"/g, '').replace(/,/g, ' '), 'labels')];
}

/* Longer than it should be without a sample. */
const isSilent = (item) => item.age > 3 * item.step + 2;

function rowOf(item) {
	const row = element('tr');
	const link = element('a');
	const iec = isBytes(item.stream);
	const wide = String(item.level);
	const covered = item.coverage[wide];
	const name = element('td', undefined, 'name');
	link.href = '#' + encodeURIComponent(item.stream);
	link.title = item.stream;
	const [base, labels] = nameParts(item.stream);
	const more = element('span', labels ? labels.textContent.trim() + ' · ' : '', 'more');
	more.append(`${item.expert}\u00a0${Math.round(100 * (item.weights[item.expert] || 0))}\u00a0%`);
	if (isSilent(item)) more.append(' · ', element('span', `silent for ${span(item.age)}`, 'silent'));
	link.append(base);
	name.append(link, more);
	row.append(
		name,
		element('td', number(item.last, iec), 'number'),
		element('td', tick(item.interval[0], iec) + ' … ' + tick(item.interval[1], iec), 'number wide'),
		element('td', percent(item.skill), 'number' + (item.skill > 0 ? ' good' : '')),
		element('td', percent(covered), 'number'),
		element('td', percent(item.breach), 'number breach' + (item.raised ? ' bad' : '')));
	if (item.stream === state.stream) row.className = 'chosen';
	row.addEventListener('click', () => {
		location.hash = encodeURIComponent(item.stream);
		$('one').scrollIntoView({block: 'nearest'});
	});
	return row;
}

/* What looks like a selector is one; else it is looked for in names and labels. */
const isSelector = (text) => /[*?[{]/.test(text);

function showOrder() {
	for (const button of document.querySelectorAll('[data-sort]')) {
		const chosen = state.sort.replace('-', '') === button.dataset.sort;
		button.setAttribute('aria-pressed', chosen);
	}
}

async function askStreams() {
	const values = {sort: state.sort, limit: LIMIT, offset: state.offset};
	if (state.match) values[isSelector(state.match) ? 'match' : 'search'] = state.match;
	let found;
	try {
		found = await get('/api/streams', values);
	} catch (error) {
		$('trouble').textContent = error.message;
		$('trouble').hidden = error.status !== 400;
		throw error;
	}
	$('trouble').hidden = true;
	$('matched').textContent = found.matched === 1 ? '1 stream' : `${number(found.matched)} streams`;
	$('streams').replaceChildren(...found.streams.map(rowOf));
	if (found.streams.some((item) => item.breach !== null)) $('list').classList.add('watched');
	const last = found.offset + found.streams.length;
	$('pages').hidden = found.matched <= LIMIT;
	$('range').textContent = `${found.offset + 1}–${last} of ${found.matched}`;
	$('back').disabled = found.offset === 0;
	$('more').disabled = last >= found.matched;
	if (!state.stream && found.streams.length)
		choose(found.streams.reduce((best, item) => item.skill > best.skill ? item : best).stream);
	return 2000;
}

// ---- one stream ----

/* Bands from the widest to the narrowest, each [low, high] per step. */
function bandsOf(forecast) {
	const levels = Object.keys(forecast.quantiles).map(Number).sort((a, b) => a - b);
	const rows = levels.map((level) => forecast.quantiles[String(level)]);
	const bands = [];
	for (let i = 0; i < (levels.length - 1) / 2; i++)
		bands.push({level: 1 - 2 * levels[i], low: rows[i], high: rows[rows.length - 1 - i]});
	return bands;
}

const LEADS = {one: () => 1, half: (horizon) => Math.ceil(horizon / 2), full: (horizon) => horizon};

function remember(stream, forecast, bands) {
	let kept = state.memory.get(stream);
	if (!kept) {
		if (state.memory.size >= MOST_REMEMBERED) state.memory.delete(state.memory.keys().next().value);
		state.memory.set(stream, kept = new Map());
	}
	const leads = {};
	for (const name of Object.keys(LEADS)) {
		const at = LEADS[name](forecast.mean.length) - 1;
		leads[name] = [forecast.time + (at + 1) * forecast.step, forecast.mean[at],
			bands.length ? bands[0].low[at] : null, bands.length ? bands[0].high[at] : null];
	}
	kept.set(forecast.time, leads);
	if (kept.size > REMEMBERED) kept.delete(kept.keys().next().value);
}

/* Everything that the chart shows: points are [seconds, value ...]. */
function modelOf(answer) {
	const forecast = answer.forecast, step = forecast.step, history = answer.history;
	const origin = forecast.time, bands = bandsOf(forecast);
	const came = history.values.map((value, i) =>
		[history.until - (history.values.length - 1 - i) * step, value]);
	remember(answer.stream, forecast, bands);
	const begin = came.length ? came[0][0] : origin;
	const ahead = (values) => values.map((value, i) => [origin + (i + 1) * step, value]);
	const earlier = [...state.memory.get(answer.stream).values()].map((leads) => leads[state.lead])
		.filter((point) => point && point[0] >= begin && point[0] <= origin + step / 2)
		.sort((a, b) => a[0] - b[0]);
	return {
		stream: answer.stream, step, origin, came, earlier, begin,
		end: origin + forecast.mean.length * step,
		mean: [[origin, forecast.last], ...ahead(forecast.mean)],
		limits: Object.entries(forecast.thresholds || {})
			.filter(([, threshold]) => threshold.limit !== null)
			.map(([name, threshold]) => ({name, value: threshold.limit})),
		fans: bands.map((band) => ({
			level: band.level,
			points: [[origin, forecast.last, forecast.last],
				...band.low.map((low, i) => [origin + (i + 1) * step, low, band.high[i]])],
		})),
	};
}

function rangeOf(model) {
	let low = Infinity, high = -Infinity;
	const see = (value) => {
		if (value === null || value === undefined) return;
		low = Math.min(low, value);
		high = Math.max(high, value);
	};
	for (const points of [model.came, model.mean, model.earlier]) points.forEach((point) => see(point[1]));
	for (const band of [...model.fans.map((fan) => fan.points), model.earlier.map((point) => point.slice(1))])
		band.forEach((point) => { see(point[1]); see(point[2]); });
	/* A limit that is far away would press all else flat. */
	const reach = 0.6 * (high - low), near = [low - reach, high + reach];
	for (const limit of model.limits) if (limit.value >= near[0] && limit.value <= near[1]) see(limit.value);
	const room = high > low ? 0.06 * (high - low) : Math.abs(high) * 0.1 || 1;
	return [low - room, high + room];
}

const limitText = (model, limit) => `${limit.name} ${number(limit.value, isBytes(model.stream))}`;

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
const opacity = (fans) => Math.min(0.24, 0.5 / Math.max(1, fans));

/* Whether forecasts were missed before this one: the page does not see every one of a short step. */
const isBroken = (model, i) =>
	model.earlier[i][0] - model.earlier[i - 1][0] > Math.max(3 * model.step, 3);

/* Zooms, pans and tells values; what it is fed is one row per time. */
function graphChart(place) {
	let graph = null, model = null;
	/* Its legend would set styles that the page's policy forbids; the page has its own. */
	Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);
	const rows = () => {
		const byTime = new Map();
		const put = (points, column) => points.forEach(([time, value]) => {
			const key = Math.round(time * 1e6);
			if (!byTime.has(key)) byTime.set(key, [new Date(time * 1000), null, null, null]);
			byTime.get(key)[column] = value;
		});
		put(model.came.map(([time, value]) => [time, value === null ? NaN : value]), 1);
		put(model.mean, 2);
		put(model.earlier, 3);
		/* Rows between two points of a line are passed over; NaN breaks it. */
		for (let i = 1; i < model.earlier.length; i++)
			if (isBroken(model, i)) put([[model.earlier[i - 1][0] + model.step / 3, NaN]], 3);
		return [...byTime.keys()].sort((a, b) => a - b).map((key) => byTime.get(key));
	};
	function paint(canvas, area, drawn) {
		canvas.save();
		canvas.fillStyle = colour('forecast');
		canvas.globalAlpha = opacity(model.fans.length);
		for (const fan of model.fans) {
			canvas.beginPath();
			for (const [time, low] of fan.points) canvas.lineTo(drawn.toDomXCoord(time * 1000), drawn.toDomYCoord(low));
			for (const [time, , high] of [...fan.points].reverse())
				canvas.lineTo(drawn.toDomXCoord(time * 1000), drawn.toDomYCoord(high));
			canvas.fill();
		}
		canvas.globalAlpha = 0.12;
		canvas.fillStyle = colour('earlier');
		for (let i = 1; i < model.earlier.length; i++) {
			const [a, b] = [model.earlier[i - 1], model.earlier[i]];
			if (isBroken(model, i) || a[2] === null) continue;
			canvas.beginPath();
			for (const [time, value] of [[a[0], a[2]], [b[0], b[2]], [b[0], b[3]], [a[0], a[3]]])
				canvas.lineTo(drawn.toDomXCoord(time * 1000), drawn.toDomYCoord(value));
			canvas.fill();
		}
		canvas.globalAlpha = 1;
		canvas.strokeStyle = canvas.fillStyle = colour('bad');
		canvas.setLineDash([6, 4]);
		canvas.font = '11px system-ui, sans-serif';
		for (const limit of model.limits) {
			const y = drawn.toDomYCoord(limit.value);
			if (y < area.y || y > area.y + area.h) continue;
			canvas.beginPath();
			canvas.moveTo(area.x, y);
			canvas.lineTo(area.x + area.w, y);
			canvas.stroke();
			canvas.fillText(limitText(model, limit), area.x + 6, y < area.y + 16 ? y + 12 : y - 4);
		}
		canvas.restore();
	}
	function tell(event, milliseconds, points, row) {
		const [time, came, mean, earlier] = [graph.getValue(row, 0), graph.getValue(row, 1), graph.getValue(row, 2), graph.getValue(row, 3)];
		readout(time / 1000, came, mean, earlier);
	}
	function options() {
		return {
			file: rows(), valueRange: rangeOf(model),
			colors: [colour('ink'), colour('forecast'), colour('earlier')],
			axisLineColor: colour('line'), gridLineColor: colour('line'),
		};
	}
	return {
		draw(next) {
			const other = !model || model.stream !== next.stream;
			model = next;
			if (graph && !other) { graph.updateOptions(options()); return; }
			if (graph) graph.destroy();
			place.replaceChildren();
			graph = new Dygraph(place, rows(), {
				...options(), labels: ['time', 'came', 'forecast', 'earlier'], legend: 'never',
				connectSeparatedPoints: true, drawPoints: false, strokeWidth: 1.6,
				highlightCircleSize: 3, gridLineWidth: 0.6, axisLineWidth: 0.6,
				series: {earlier: {strokePattern: [5, 3], strokeWidth: 1.3}},
				underlayCallback: paint, highlightCallback: tell, unhighlightCallback: () => readout(),
				axes: {
					y: {axisLabelFormatter: (value) => tick(value, isBytes(model.stream)), axisLabelWidth: 64},
				},
			});
		},
	};
}

/* Where no charting library is installed: the same without zooming. */
function plainChart(place) {
	const SVG = 'http://www.w3.org/2000/svg';
	const make = (tag, values, text) => {
		const made = document.createElementNS(SVG, tag);
		for (const key of Object.keys(values)) made.setAttribute(key, values[key]);
		if (text !== undefined) made.textContent = text;
		return made;
	};
	return {
		draw(model) {
			const width = place.clientWidth, height = place.clientHeight;
			const [low, high] = rangeOf(model), left = 64, bottom = 22;
			const x = (time) => left + (time - model.begin) / (model.end - model.begin) * (width - left - 8);
			const y = (value) => (high - value) / (high - low) * (height - bottom - 6) + 6;
			const at = (time, value) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`;
			const svg = make('svg', {viewBox: `0 0 ${width} ${height}`, role: 'img'});
			const line = (points, name) => {
				let path = '', pen = false;
				for (const [time, value] of points) {
					if (value !== null) path += (pen ? 'L' : 'M') + at(time, value);
					pen = value !== null;
				}
				svg.append(make('path', {d: path, class: 'line ' + name}));
			};
			for (let i = 0; i <= 4; i++) {
				const value = low + (high - low) * i / 4, time = model.begin + (model.end - model.begin) * i / 4;
				svg.append(make('path', {d: `M${left},${y(value)}H${width - 8}`, class: 'now'}),
					make('text', {x: left - 8, y: y(value) + 4, 'text-anchor': 'end', class: 'axis'}, tick(value, isBytes(model.stream))),
					make('text', {x: x(time), y: height - 4, 'text-anchor': i === 0 ? 'start' : i === 4 ? 'end' : 'middle', class: 'axis'}, clock(time)));
			}
			for (const fan of model.fans)
				svg.append(make('polygon', {class: 'fan', 'fill-opacity': opacity(model.fans.length),
					points: [...fan.points.map((p) => at(p[0], p[1])), ...[...fan.points].reverse().map((p) => at(p[0], p[2]))].join(' ')}));
			line(model.earlier.flatMap((point, i) => i && isBroken(model, i) ? [[point[0], null], point] : [point]), 'earlier');
			line(model.came, 'came');
			line(model.mean, 'mean');
			for (const limit of model.limits) {
				if (limit.value < low || limit.value > high) continue;
				svg.append(make('path', {d: `M${left},${y(limit.value)}H${width - 8}`, class: 'limit'}),
					make('text', {x: left + 6, y: y(limit.value) - 4, class: 'axis limit'}, limitText(model, limit)));
			}
			place.replaceChildren(svg);
		},
	};
}

let chart = null;

function readout(time, came, mean, earlier) {
	const parts = [];
	const iec = state.stream && isBytes(state.stream);
	if (time) parts.push(clock(time));
	if (came !== null && came !== undefined) parts.push(`came ${number(came, iec)}`);
	if (mean !== null && mean !== undefined) parts.push(`forecast ${number(mean, iec)}`);
	if (earlier !== null && earlier !== undefined) parts.push(`had been forecast ${number(earlier, iec)}`);
	$('readout').textContent = parts.join('   ');
}

function key(name, text, share) {
	const made = element('span');
	const mark = element('span', undefined, 'key' + (share ? ' band' : ''));
	mark.style.background = colour(name);
	if (share) mark.style.opacity = share;
	made.append(mark, text);
	return made;
}

/* Made when a stream is chosen, not at every answer: it holds a field that one may be using. */
function showLegend(model) {
	const horizon = Math.round((model.end - model.origin) / model.step);
	const made = [key('ink', 'came'), key('forecast', 'forecast')];
	model.fans.forEach((fan, i) =>
		made.push(key('forecast', Math.round(1000 * fan.level) / 10 + ' %', Math.min(0.95, (i + 1) * opacity(model.fans.length) * 1.4))));
	const choice = element('select');
	choice.setAttribute('aria-label', 'how long before');
	for (const name of Object.keys(LEADS)) {
		const option = element('option', span(LEADS[name](horizon) * model.step));
		option.value = name;
		choice.append(option);
	}
	choice.value = state.lead;
	choice.addEventListener('change', () => { state.lead = choice.value; forecasts.soon(); });
	const laid = key('earlier', 'had been forecast ');
	laid.append(choice, ' before');
	made.push(laid);
	$('legend').replaceChildren(...made);
}

function showWeights(forecast) {
	const names = Object.keys(forecast.weights).sort((a, b) => forecast.weights[b] - forecast.weights[a]);
	$('weights').replaceChildren(...names.map((name) => {
		const row = element('tr'), cell = element('td');
		const bar = element('div', undefined, 'bar' + (isNetwork(name) ? ' network' : ''));
		bar.style.width = Math.max(1, 100 * forecast.weights[name]) + '%';
		cell.append(bar);
		row.append(element('td', name), cell, element('td', percent(forecast.weights[name]), 'number'));
		return row;
	}));
}

function breachFigure(stream, name, threshold) {
	const when = threshold.seconds === null ? '' : ` in ${span(threshold.seconds)}`;
	return figure(`${name} ${number(threshold.limit, isBytes(stream))}`,
		`${percent(threshold.probability)}${when}${threshold.raised ? ', alert' : ''}`, threshold.raised);
}

function showMeasured(stream, forecast) {
	const levels = Object.keys(forecast.coverage).map(Number).sort((a, b) => b - a);
	const widest = levels.length ? String(levels[0]) : null;
	$('about').hidden = true;
	$('measured').replaceChildren(
		figure('skill', percent(forecast.skill)),
		figure(widest ? `in the ${Math.round(1000 * widest) / 10} % interval` : 'covered',
			widest ? percent(forecast.coverage[widest]) : '–'),
		figure('ahead', `${forecast.mean.length} × ${span(forecast.step)}`),
		figure('samples', number(forecast.samples)),
		figure('trained', forecast.trained === null ? 'not yet'
			: `${span(Math.max(0, forecast.time - forecast.trained))} ago`),
		...Object.entries(forecast.thresholds || {})
			.map(([name, threshold]) => breachFigure(stream, name, threshold)));
}

let legendOf = '';

async function askForecast() {
	const stream = state.stream;
	if (!stream) return 500;
	const answer = await get('/api/forecast', {stream, history: 240});
	if (stream !== state.stream) return 0;
	const model = modelOf(answer);
	if (!chart) chart = window.Dygraph ? graphChart($('chart')) : plainChart($('chart'));
	chart.draw(model);
	const kind = [stream, model.step, model.mean.length, colour('ink')].join();
	if (kind !== legendOf) showLegend(model);
	legendOf = kind;
	showWeights(answer.forecast);
	showMeasured(stream, answer.forecast);
	return Math.min(5000, Math.max(500, 1000 * model.step));
}

function choose(stream) {
	state.stream = stream;
	$('name').replaceChildren(...nameParts(stream));
	document.title = stream + ' – Rollcast';
	readout();

	forecasts.soon();
	streams.soon();
}

// ---- trainings ----

async function askTrainings() {
	const found = await get('/api/trainings');
	const rows = found.trainings.slice(0, 10).map((training) => {
		const row = element('tr'), name = element('td', undefined, 'name');
		name.textContent = training.stream;
		name.title = training.stream;
		row.append(element('td', clock(training.time), 'aside'), name,
			element('td', training.result === 'adopted' ? `${training.steps} steps` : training.result,
				'number' + (training.result === 'adopted' ? '' : ' bad')),
			element('td', span(training.seconds), 'number'));
		return row;
	});
	if (!rows.length) {
		rows.push(element('tr'));
		rows[0].append(element('td', 'None yet: a network needs a window long enough to learn from.', 'aside'));
	}
	$('trainings').replaceChildren(...rows);
	return 3000;
}

// ---- hands ----

$('find').addEventListener('submit', (event) => event.preventDefault());
$('match').addEventListener('input', () => {
	state.match = $('match').value.trim();
	state.offset = 0;
	streams.soon();
});
for (const button of document.querySelectorAll('[data-sort]'))
	button.addEventListener('click', () => {
		const sort = button.dataset.sort;
		state.sort = state.sort === sort && sort !== 'name' ? '-' + sort : sort;
		state.offset = 0;
		showOrder();
		streams.soon();
	});
$('back').addEventListener('click', () => { state.offset = Math.max(0, state.offset - LIMIT); streams.soon(); });
$('more').addEventListener('click', () => { state.offset += LIMIT; streams.soon(); });
window.addEventListener('hashchange', () => choose(decodeURIComponent(location.hash.slice(1))));

showOrder();
if (location.hash.length > 1) state.stream = decodeURIComponent(location.hash.slice(1));
const forecasts = repeat(askForecast);
const streams = repeat(askStreams);
if (state.stream) choose(state.stream);
repeat(askStatus);
repeat(askTrainings);
