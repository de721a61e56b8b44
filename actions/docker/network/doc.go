// Package network has the actions of the family docker on networks.
package network
